/** A CatID of the Universal Category System: a short category in capitals, then the subcategory's. */
export const CAT_ID = /^[A-Z]{2,6}[A-Za-z]{0,8}$/;
